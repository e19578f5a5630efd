// Namespace: what the sender knows of every topic.
//
//   Stamper.swift — numbers the records of an epoch
//   NamespaceSlots.swift — the last known values of every topic, and its version
//   SlotValue.swift — one slot, and what is put into it
//   SlotDigest.swift — the sum that a checkpoint says of all slots
//   SlotRow.swift — slots on their way to the table, and back
//   SlotChanges.swift — which of them are to be written, and how they come back
//   MessageExpiry.swift — retained values that end by themselves, and their deletion
//   EdgeNodeStates.swift — what edge nodes would say if they were born now
