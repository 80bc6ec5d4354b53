"""The traffic lab: real QUIC flows of five services, over emulated links. See docs/lab.md."""
