// Sparkplug: what a Sparkplug B 3.0 message is, for both sides. So far its topics.
//
//   1. SparkplugTopic.swift — takes a topic apart and says which messages stay on their side of a diode
