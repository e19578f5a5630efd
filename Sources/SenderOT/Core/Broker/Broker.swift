// Broker: what the OT broker loses or keeps to itself, by its own count.
//
//   BrokerDrops.swift — its own count, followed over restarts
//   RetainedShortfall.swift — what the OT broker retains and does not show, by its own count
