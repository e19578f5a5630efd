internal import DiodeProtocol
package import SenderOTCore
package import Storage
internal import Threading
package import Time

/// The echo schedule as it goes on over a restart: the cursors as they were noted, and marks taken from the times at which
/// the journal's blocks were closed.
///
/// ```text
/// journal.echoes   "1000:5231 30000:5190 …"      offset in milliseconds : next position
/// ```
package enum EchoRestoration {
    /// Positions that are looked at, evenly spread, for marks.
    private static let samples: UInt64 = 2_048

    static func text(_ schedule: (offsets: [Duration], cursors: [UInt64])) -> String {
        zip(schedule.offsets, schedule.cursors).map { "\($0.milliseconds):\($1)" }.joined(separator: " ")
    }

    /// - Parameters:
    ///   - text: what was noted.
    ///   - next: where the blocks of this epoch begin; without a note an offset begins with what is not due yet.
    package static func schedule(
        offsets: [Duration], noted text: String, next: UInt64, database: borrowing Database, now: MonotonicInstant,
        time: UnixMilliseconds
    ) throws(StorageError) -> EchoSchedule {
        var noted: [UInt64: UInt64] = [:]
        for entry in text.split(separator: " ") {
            let parts = entry.split(separator: ":")
            guard parts.count == 2, let offset = UInt64(parts[0]), let cursor = UInt64(parts[1]) else { continue }
            noted[offset] = cursor
        }
        var times = try BlockTimes(database)
        var cursors: [UInt64] = []
        for offset in offsets {
            let milliseconds = offset.milliseconds
            if let known = noted[milliseconds] {
                cursors.append(min(known, next))
            } else {
                let after = time.rawValue > milliseconds ? time.rawValue - milliseconds : 0
                cursors.append(try times.first(closedAfter: after, below: next))
            }
        }
        var schedule = EchoSchedule(offsets: offsets, cursors: cursors)
        guard let lowest = cursors.min(), lowest < next else { return schedule }
        let step = max((next - lowest) / samples, 1)
        for position in stride(from: lowest + step - 1, to: next, by: Int(step)) {
            guard let closed = try times.time(at: position) else { continue }
            let age = (time.rawValue > closed ? time.rawValue - closed : 0) * 1_000_000
            schedule.noteSent(
                position, at: MonotonicInstant(nanoseconds: now.nanoseconds > age ? now.nanoseconds - age : 0))
        }
        schedule.noteSent(next - 1, at: now)
        return schedule
    }
}

/// When blocks were closed, by position.
private struct BlockTimes: ~Copyable {
    private var statement: Statement

    init(_ database: borrowing Database) throws(StorageError) {
        statement = try database.prepare(
            "SELECT closed_at FROM blocks WHERE position >= ? ORDER BY position LIMIT 1")
    }

    /// Of the first block at or behind a position.
    mutating func time(at position: UInt64) throws(StorageError) -> UInt64? {
        statement.bind(1, unsigned: position)
        defer { statement.reset() }
        return try statement.step() ? statement.unsigned(0) : nil
    }

    /// The first position, up to `end`, whose block was closed later; times ascend with positions.
    mutating func first(closedAfter time: UInt64, below end: UInt64) throws(StorageError) -> UInt64 {
        var low: UInt64 = 1
        var high = end
        while low < high {
            let middle = low + (high - low) / 2
            if let closed = try self.time(at: middle), closed <= time {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
