"""The benchmark of sklreg against its peers: time to a certified duality gap."""
