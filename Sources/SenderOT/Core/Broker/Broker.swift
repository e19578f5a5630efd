// Broker: what the OT broker drops or does not show, by the counts that it publishes itself.
//
//   BrokerDrops.swift — how many messages the OT broker says that it dropped, followed over its restarts and ours
//   RetainedShortfall.swift — how many retained values the OT broker says that it has and does not show
