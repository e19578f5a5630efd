// Telling: the endless repetition of the whole state, and the beat.
//
//   Carousel.swift — when the next slice of the state is due
//   CheckpointScheduler.swift — when the next checkpoint is due
//   SliceCutter.swift — cuts slices that fit a block
//   StateTeller.swift — tells the state in slices and checkpoints, when they are due
//   SliceGate.swift — holds slices until the records that they include have left
//   BeatScheduler.swift — a heartbeat block each period
