import DiodeProtocol
import Time

// What of a tracker outlives the process: everything but units that wait, of which nobody was told.

extension GapTracker {
    /// Goes on from what was stored.
    init(limits: Limits, lowestEpoch: Epoch, restoring stored: StoredLink, now: MonotonicInstant) {
        self.init(limits: limits, lowestEpoch: lowestEpoch)
        let row = stored.link.tracker
        nextGap = row.nextGap
        heardFloor = row.heardFloor
        beginsAt = row.beginsAt
        foldedAccount = row.foldedAccount
        foldedEpochs = row.foldedEpochs
        forgottenRecords = row.forgottenRecords
        var holes: [Epoch: [Hole]] = [:]
        for (key, hole) in stored.holes { holes[key.epoch, default: []].append(hole) }
        var filled: [Epoch: [UInt64: UInt64]] = [:]
        for (key, bits) in stored.filled { filled[key.epoch, default: [:]][key.word] = bits }
        tracks = stored.tracks.sorted { $0.epoch < $1.epoch }.map {
            EpochTrack(restoring: $0, holes: holes[$0.epoch] ?? [], filled: filled[$0.epoch] ?? [:], now: now)
        }
        // A gap without a hole was forgotten: it stays in the database, as lost.
        let alive = Set(stored.holes.values.map(\.gap))
        for gap in stored.gaps where alive.contains(gap.id) { gaps[gap.id] = gap }
        for track in tracks { takenTracks[track.epoch] = track.row }
    }

    var row: TrackerRow {
        TrackerRow(
            nextGap: nextGap, heardFloor: heardFloor, beginsAt: beginsAt, foldedAccount: foldedAccount,
            foldedEpochs: foldedEpochs, forgottenRecords: forgottenRecords)
    }

    /// Moves out what changed since the last call.
    mutating func takeChanges() -> TrackerChanges {
        for index in tracks.indices {
            let row = tracks[index].row
            if takenTracks[row.epoch] != row {
                takenTracks[row.epoch] = row
                changes.tracks[row.epoch] = row
            }
            for (block, hole) in tracks[index].takeHoleChanges() {
                changes.holes[HoleKey(epoch: row.epoch, firstBlock: block)] = hole
            }
            for (word, bits) in tracks[index].filled.takeChanges() {
                changes.filled[FilledKey(epoch: row.epoch, word: word)] = bits
            }
        }
        for epoch in changes.foldedEpochs { takenTracks[epoch] = nil }
        defer { changes = TrackerChanges() }
        return changes
    }

    /// Everything, as changes to an empty database. Healed gaps are not among it: they are history.
    mutating func wholeState() -> TrackerChanges {
        _ = takeChanges()
        var whole = TrackerChanges()
        for track in tracks {
            whole.tracks[track.epoch] = track.row
            for (word, bits) in track.filled.words { whole.filled[FilledKey(epoch: track.epoch, word: word)] = bits }
            for hole in track.holes { whole.holes[HoleKey(epoch: track.epoch, firstBlock: hole.firstBlock)] = hole }
        }
        whole.gaps = gaps
        return whole
    }
}
