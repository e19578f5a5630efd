// Transmissions: every sending of a block, from the request for it to its frames.
//
//   Transmission.swift — the request to send one block once
//   TransmissionClass.swift — what a transmission is for, in order of preference
//   EchoSchedule.swift — decides which blocks are to be repeated now
//   Pacer.swift — decides which class sends next and how many frames
//   TransmissionEncoder.swift — leaves, tree, one signature, N frames
//   FrameArena.swift — the frames of one transmission, in reused memory
