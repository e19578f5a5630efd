// Models: what must be, kept the plain way and compared at every step.
//
//   PublishedRecord.swift — what was handed to the sender, as the model remembers it
//   ArrivalModel.swift — what the receiver must have, by the frames that reached it
//   FreshnessModel.swift — when a link may be called online, by the times that no receiver knows
//   GapModel.swift — the life of each gap, as the receiver tells it
//   NamespaceModel.swift — the sender's state and what the IT side sees: naive, and checked at every commit
