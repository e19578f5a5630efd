// Namespace: what the sender knows of every topic.
//
//   Stamper.swift — numbers the records of an epoch
//   NamespaceSlots.swift — the last known values of every topic, and its version
//   SlotValue.swift — one slot, and what is put into it
//   TopicTable.swift — topics and their slots, each at a place that it keeps; the counts over all of them
//   PlaceSet.swift — a set of places of a table
//   SlotDigest.swift — the sum that a checkpoint says of all slots
//   UnwrittenSlots.swift — which topics differ from their rows on disk
//   SlotRow.swift — slots as rows of the table on disk, written and read back
//   MessageExpiry.swift — when a value expires
//   EdgeNodeStates.swift — the birth that each Sparkplug edge node would publish now
