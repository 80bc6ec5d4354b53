"""edgemtl's packets-to-flows path beside its peers, on captures of its own: speed and bounds."""
