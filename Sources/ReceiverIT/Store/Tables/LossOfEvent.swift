package import Account
internal import DiodeProtocol
internal import ReceiverITCore
package import Time

extension Loss {
    /// A database was found damaged: nobody knows how many records it held that the IT broker had not got.
    package init(unknownSince time: UnixMilliseconds) {
        let nothing = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        self.init(.shed(.damaged), stamp: nothing, time: time)
    }

    /// What never reached the sender: it has no stamps, and no topics that anybody knows.
    /// - Parameter stamp: of the last record before the statement.
    init(_ drop: BrokerDrop, at stamp: Stamp) {
        // The count is the broker's word, and sums of such counts must stay numbers.
        let records = min(drop.records ?? 0, 1 << 40)
        self.init(
            .dropped(drop.reason), records: records, first: stamp, last: stamp, from: drop.from, to: drop.to,
            others: records)
    }

    /// Of what got a number after the last that was heard of there are no topics that anybody knows.
    init(_ ending: UnsaidEnding) {
        self.init(
            .unsaid, records: ending.records ?? 0, first: ending.last, last: ending.last, from: ending.from,
            to: ending.to,
            others: ending.records ?? 0)
    }

    /// - Parameter stamp: of the first record that was shed.
    init(_ run: ShedRun, at stamp: Stamp) {
        var topics: [String: UInt64] = [:]
        for entry in run.entries { topics[entry.topic, default: 0].add(records: entry.records) }
        var last = stamp
        last.sequence = SequenceNumber(rawValue: stamp.sequence.rawValue + run.records - 1)
        self.init(
            .shedBySender(run.reason), records: run.records, first: stamp, last: last, from: run.from, to: run.to,
            topics: topics)
    }
}
