"""The five services: one module each, whose `talk(client, rng)` is one user's visit."""

SERVICES = ("search", "document", "drive", "video", "music")
