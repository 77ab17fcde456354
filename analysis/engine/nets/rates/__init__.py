"""Which way of running each net is fastest on this machine: measured once, checked against eager, kept on disk."""
