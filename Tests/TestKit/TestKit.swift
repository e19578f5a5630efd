// TestKit: real brokers, real processes, free ports.
