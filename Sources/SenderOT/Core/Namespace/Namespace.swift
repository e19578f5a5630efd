// Namespace: what the sender knows of every topic.
//
//   Stamper.swift — numbers the records of an epoch
//   NamespaceSlots.swift — the last known values of every topic, and its version
//   SlotValue.swift — one slot, and what is put into it
//   TopicTable.swift — topics and their slots at their places, and what all of them count
//   PlaceSet.swift — a set of places of a table
//   SlotDigest.swift — the sum that a checkpoint says of all slots
//   UnwrittenSlots.swift — which topics differ from their rows on disk
//   SlotRow.swift — slots on their way to the table, and back
//   MessageExpiry.swift — when a value ends by itself
//   EdgeNodeStates.swift — what edge nodes would say if they were born now
