// ReceiverIT: the stages of this room, in order, are drawn here.
