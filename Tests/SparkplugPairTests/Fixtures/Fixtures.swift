// Fixtures: the pair with a strict host behind it.
//
//   SparkplugPlant.swift — two brokers, the pair between them, and a host that was there before everybody else
