// Core: what the receiver decides. Frames and time in, commits out. No I/O, no clock, no threads: this target could not reach them.
//
//   frame ─▶ Frames ─▶ Assembling ─▶ Order ─▶ Replicating ─▶ Commit
//               signed?     K symbols    once, in order,  the newest,
//                           → content    what is missing  by stamp
//
//   Frames/ — says of each frame whether the paired sender signed it
//   Assembling/ — symbols to contents
//   Order/ — accepts blocks once, puts them in order, keeps the account of what is missing
//   Replicating/ — what every topic holds, and what one round decided
//   Hearing/ — whether the sender is heard, and how late
//   Link/ — one link: what it remembers, and what it says about itself
//   ReceiverCore.swift — the whole core of one link: frames in, commits out
