"""Results in the formats of the field: tidy tables, Motion-BIDS, OpenSim markers, each with its provenance."""
