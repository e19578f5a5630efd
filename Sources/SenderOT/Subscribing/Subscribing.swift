// Subscribing: the side of the OT broker, and the one place where the threads meet that feed the core.
//
//   Subscriber.swift — the connection to the OT broker: what is exported in, what is safe acknowledged
//   DeletionReconciler.swift — what the broker retains no more becomes deletions, or is held
//   BrokerWatch.swift — what the OT broker loses by itself
//   Intake.swift — where the threads meet that feed the core
