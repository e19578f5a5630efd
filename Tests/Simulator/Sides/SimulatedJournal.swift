import DiodeProtocol
import SenderOT
import Time
import SenderOTCore

/// The sender's journal as a list: what was closed, how much of it has left, and what is repeated when.
///
/// ```text
/// position   floor ────────────── sent ────────── end
///            repeated by schedule      │ backlog
/// ```
///
/// The schedule is the product's own; the list stands for the database.
struct SimulatedJournal {
    private struct Entry {
        let block: ClosedBlock
        var sentAt: MonotonicInstant?
    }

    /// What an echo reads at once.
    private static let blocksAtOnce = 16

    private let offsets: [Duration]
    private var entries: [Entry] = []
    private var removed = 0
    private(set) var sent: UInt64 = 0
    private var schedule: EchoSchedule

    init(echoes: [UInt64]) {
        offsets = echoes.map { .nanoseconds(Int64($0)) }
        schedule = EchoSchedule(offsets: offsets, cursors: offsets.map { _ in 1 })
    }

    /// Positions count from 1; this is the newest.
    var end: UInt64 { UInt64(removed + entries.count) }
    var backlog: UInt64 { end - sent }

    /// The oldest record that is held.
    var floor: Stamp? {
        entries.first.map { Stamp(epoch: $0.block.id.epoch, sequence: $0.block.firstSequence) }
    }

    /// The newest block that has left, if it is held.
    var newestSent: ClosedBlock? {
        let index = Int(sent) - removed - 1
        return entries.indices.contains(index) ? entries[index].block : nil
    }

    /// The newest block of an epoch.
    func newest(of epoch: Epoch) -> ClosedBlock? { entries.last { $0.block.id.epoch == epoch }?.block }

    /// The oldest block of an epoch that is held.
    func oldest(of epoch: Epoch) -> ClosedBlock? { entries.first { $0.block.id.epoch == epoch }?.block }

    mutating func append(_ block: ClosedBlock) { entries.append(Entry(block: block, sentAt: nil)) }

    /// The next block to be sent for the first time.
    mutating func sendNext(_ now: MonotonicInstant) -> ClosedBlock? {
        guard sent < end else { return nil }
        sent += 1
        let index = Int(sent) - removed - 1
        entries[index].sentAt = now
        return entries[index].block
    }

    /// What is to be repeated now.
    mutating func takeEchoes(_ now: MonotonicInstant) -> [Transmission] {
        guard !offsets.isEmpty else { return [] }
        if sent > 0 { schedule.noteSent(sent, at: now) }
        var due: [Transmission] = []
        while due.count < Self.blocksAtOnce, let next = schedule.next(now) {
            let held = max(next.positions.lowerBound, UInt64(removed) + 1)
            guard held <= next.positions.upperBound else {
                schedule.played(next.echo, through: next.positions.upperBound, blocks: 0)
                continue
            }
            let end = min(next.positions.upperBound, held + UInt64(Self.blocksAtOnce) - 1)
            for position in held...end {
                due.append(
                    Transmission(
                        repeating: entries[Int(position) - removed - 1].block, as: next.transmission, kind: .echo))
            }
            schedule.played(next.echo, through: end, blocks: Int(end - held + 1))
        }
        return due
    }

    /// When `takeEchoes` has something.
    var deadline: UInt64? {
        guard !offsets.isEmpty else { return nil }
        return [schedule.deadline, schedule.nextMark(of: sent)].compactMap { $0?.nanoseconds }.min()
    }

    /// Whether an echo of such a block is still to come.
    func willEcho(_ isWanted: (BlockID) -> Bool) -> Bool {
        guard let slowest = schedule.cursors.min() else { return false }
        return entries.enumerated().contains { index, entry in
            UInt64(removed + index + 1) >= slowest && isWanted(entry.block.id)
        }
    }

    /// The blocks of a range, as somebody asked for them.
    func resend(_ blocks: ClosedRange<BlockNumber>, of epoch: Epoch) -> [Transmission] {
        entries.filter { $0.block.id.epoch == epoch && blocks.contains($0.block.id.block) }
            .map { Transmission(repeating: $0.block, as: .firstResend, kind: .resend) }
    }

    /// The journal gives up all but the newest blocks, at least one, but none that was not sent.
    mutating func shorten(to kept: Int) {
        let count = min(max(entries.count - max(kept, 1), 0), Int(sent) - removed)
        entries.removeFirst(count)
        removed += count
    }

    /// A loss of power takes the newest blocks of an epoch.
    mutating func loseTail(_ count: Int, of epoch: Epoch) {
        var gone = 0
        while gone < count, entries.count > 1 || removed == 0, let last = entries.last,
            last.block.id.epoch == epoch
        {
            entries.removeLast()
            gone += 1
        }
        // A content whose last part is gone is gone.
        while entries.count > 1 || removed == 0, let last = entries.last, last.block.id.epoch == epoch,
            last.block.partIndex < last.block.partCount - 1
        {
            entries.removeLast()
        }
        sent = min(sent, end)
    }

    /// A new process goes on with the cursors as they were noted, and with marks from the blocks' times.
    mutating func restart() {
        var continued = EchoSchedule(offsets: offsets, cursors: schedule.cursors.map { min($0, end + 1) })
        for (index, entry) in entries.enumerated() {
            guard let sentAt = entry.sentAt else { continue }
            continued.noteSent(UInt64(removed + index + 1), at: sentAt)
        }
        schedule = continued
    }
}
