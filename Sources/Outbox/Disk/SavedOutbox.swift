internal import Collections
public import Storage

/// What an earlier process stored of a queue.
struct SavedOutbox: Sendable {
    let boundary, ending: UInt64
    let unitBytes, knownBytes: Int
    /// Every output that there was.
    let outputs: [OutputName: SavedOutput]

    /// Records that came so far, refreshes apart.
    var appended: UInt64 { outputs[.mqtt]?.totals.appended ?? 0 }

    /// - Returns: nil if the link has no outbox there.
    init?(link: Int, in database: borrowing Database) throws(StorageError) {
        var row = try database.prepare(
            "SELECT settled, boundary, ending, permitted, unit_bytes, known_bytes FROM outbox WHERE link = ?1")
        row.bind(1, Int64(link))
        guard try row.step() else { return nil }
        let (settled, permitted) = (row.unsigned(0), row.unsigned(3))
        boundary = row.unsigned(1)
        ending = row.unsigned(2)
        unitBytes = Int(row.integer(4))
        knownBytes = Int(row.integer(5))
        row.reset()
        guard boundary <= ending, ending < OutboxSchema.positionLimit else { throw Self.fault(link, database) }
        var outputs: [OutputName: SavedOutput] = [:]
        outputs[.mqtt] = try SavedOutput(
            .mqtt, settled: settled, permitted: permitted, totals: OutboxTotals(of: link, in: database),
            boundary: boundary, ending: ending, link: link, in: database)
        var others = try database.prepare("SELECT output, settled, permitted FROM outbox_outputs WHERE link = ?1")
        others.bind(1, Int64(link))
        while try others.step() {
            let name = others.text(0)
            var rows = try database.prepare(
                "SELECT name, records FROM outbox_output_totals WHERE link = ?1 AND output = ?2")
            rows.bind(1, Int64(link))
            rows.bind(2, text: name)
            outputs[OutputName(rawValue: name)] = try SavedOutput(
                OutputName(rawValue: name), settled: others.unsigned(1), permitted: others.unsigned(2),
                totals: OutboxTotals(reading: &rows, of: database.path), boundary: boundary,
                ending: ending, link: link, in: database)
        }
        self.outputs = outputs
    }

    fileprivate static func fault(_ link: Int, _ database: borrowing Database) -> StorageError {
        .corrupt(path: database.path, reason: "the outbox of link \(link) does not add up")
    }
}

/// What an earlier process stored of an output.
struct SavedOutput: Sendable {
    let settled: UInt64
    let totals: OutboxTotals
    /// It took none from here on.
    let permitted: UInt64
    /// Deliveries that it may have published without storing so.
    var inDoubt: UInt64 = 0
    /// What it kept.
    let notes: [OutputNote]
    /// Deliveries that it had not settled, refreshes among them.
    var waiting: UInt64 { totals.appended - totals.left + totals.refreshesLeft }

    fileprivate init(
        _ name: OutputName, settled: UInt64, permitted: UInt64, totals: OutboxTotals, boundary: UInt64, ending: UInt64,
        link: Int,
        in database: borrowing Database
    ) throws(StorageError) {
        self.settled = settled
        self.totals = totals
        guard totals.left <= totals.appended, settled <= ending else { throw SavedOutbox.fault(link, database) }
        notes = try OutputNote.all(of: name, link: link, in: database)
        let permitted = min(permitted, ending)
        self.permitted = permitted
        var known = try database.prepare(
            "SELECT count(*) FROM last_known WHERE link = ?1 AND position >= ?2 AND position < ?3")
        known.bind(1, Int64(link))
        known.bind(2, unsigned: settled)
        known.bind(3, unsigned: permitted)
        while try known.step() { inDoubt = known.unsigned(0) }
        // Units have a delivery at every position.
        let first = max(settled, boundary)
        if permitted > first { inDoubt += permitted - first }
    }
}

extension OutputNote {
    fileprivate static func all(
        of output: OutputName, link: Int, in database: borrowing Database
    ) throws(StorageError) -> [OutputNote] {
        var rows = try database.prepare("SELECT name, value FROM outbox_notes WHERE link = ?1 AND output = ?2")
        rows.bind(1, Int64(link))
        rows.bind(2, text: output.rawValue)
        var notes: [OutputNote] = []
        while try rows.step() {
            notes.append(OutputNote(name: [UInt8](copying: rows.blob(0)), value: [UInt8](copying: rows.blob(1))))
        }
        return notes
    }
}

extension OutboxTotals {
    /// What the database has of the IT broker's output of a link; nothing at all if it knows no outbox of it.
    /// - Throws: `corrupt` for a total of a name that nobody here knows.
    public init(of link: Int, in database: borrowing Database) throws(StorageError) {
        var rows = try database.prepare("SELECT name, records FROM outbox_totals WHERE link = ?1")
        rows.bind(1, Int64(link))
        try self.init(reading: &rows, of: database.path)
    }

    /// - Parameters:
    ///   - rows: names and numbers.
    ///   - path: of the file, for the error.
    fileprivate init(reading rows: inout Statement, of path: String) throws(StorageError) {
        self.init()
        while try rows.step() {
            guard restore(rows.text(0), rows.unsigned(1)) else {
                throw .corrupt(path: path, reason: "outbox total \(rows.text(0))")
            }
        }
    }
}
