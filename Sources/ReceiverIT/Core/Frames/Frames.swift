// Frames: a symbol is authenticated before anything else looks at it.
//
//   SettledTransmissions.swift — transmissions whose header and root are known to be signed
//   VerificationBudget.swift — how many signatures of unsettled transmissions may be verified
//   WaitingFrames.swift — frames that wait for a verification, drawn at random
//   FrameAuthenticator.swift — says of each frame whether the paired sender signed it
