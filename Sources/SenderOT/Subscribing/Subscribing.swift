// Subscribing: the connection to the OT broker, and the one place where all threads that feed the core meet.
//
//   Subscriber.swift — the connection to the OT broker: takes in what is exported, acknowledges what is safe
//   RetainedFetch.swift — fetches what the broker retains, once the broker bears a second connection
//   DeletionReconciler.swift — turns values that the OT broker no longer retains into deletions, or holds those back
//   BrokerWatch.swift — notes what the OT broker loses by itself
//   BrokerFaults.swift — how the OT broker breaks MQTT, and how often
//   Intake.swift — where the threads meet that feed the core
