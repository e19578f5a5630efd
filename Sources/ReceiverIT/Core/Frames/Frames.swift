// Frames: a symbol is authenticated before anything else looks at it.
//
//   SettledTransmissions.swift — transmissions whose header and root are known to be signed
//   Price.swift — what a verification costs and which part of a core may be spent, measured at the edge
//   VerificationBudget.swift — how many signatures of unsettled transmissions may be verified
//   WaitingFrames.swift — frames that wait for a verification, drawn at random
//   FrameAuthenticator.swift — says of each frame whether the paired sender signed it
//   Plausibility.swift — signed numbers that no sender can have
