"""From labelled files to a calibration: examine them, choose cuts, tell what they do on unseen sources."""
