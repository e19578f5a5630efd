// Replicating: the receiver's copy of the namespace, in which the newest stamp wins, and what one round of the core decided.
//
//   DirtyTopics.swift — which topics a checkpoint has still to write
//   TopicNames.swift — finds topics by their bytes
//   ReplicaSlot.swift — what one slot of a topic holds, by stamp and hash
//   SlotHashes.swift — the hashes that slots add to the digest, computed as late as possible
//   Replica.swift — stamps and hashes of each topic, and the digest over all of them
//   WaitingSlices.swift — slices that wait for the records that they include
//   RoundWatch.swift — whether the carousel has said everything once
//   DigestWatch.swift — whether the replica equals the sender's state
//   SliceIntake.swift — slices and checkpoints on their way in
//   Commit.swift — what one round decided
//   Committer.swift — turns released units into effects
//   SliceApplier.swift — makes an interval of the replica equal to a slice
