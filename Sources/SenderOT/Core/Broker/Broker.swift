// Broker: what the OT broker drops or does not show, by the counts that it publishes itself.
//
//   BrokerTerms.swift — what the OT broker granted at the connection, as far as it costs records
//   SessionFilters.swift — what the broker's session may be subscribed to, over our own restarts
//   SubscriptionPlan.swift — subscribes filter by filter as far as the OT broker takes them
//   BrokerDrops.swift — how many messages the OT broker says that it dropped, followed over its restarts and ours
//   RetainedShortfall.swift — how many retained values the OT broker says that it has and does not show
