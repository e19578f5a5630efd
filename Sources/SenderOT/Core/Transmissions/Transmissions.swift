// Transmissions: the sendings of a block, from the wish for one to its frames.
//
//   Transmission.swift — one sending of a block, asked for
//   TransmissionClass.swift — what a transmission is for, in order of preference
//   EchoSchedule.swift — decides which blocks are to be repeated now
//   Pacer.swift — decides which class sends next and how many frames
//   TransmissionEncoder.swift — leaves, tree, one signature, N frames
//   FrameArena.swift — the frames of one transmission, in reused memory
