// SharedRoomTests: what both sides share, each room against the real kernel, files and sockets.
