internal import DiodeProtocol
package import ReceiverITCore
package import Storage
internal import Time

/// Reads what is known of the senders of a link, one row for each of its cards.
package enum SenderTable {
    /// Cards of a link: more than any configuration may name.
    static let places = 0..<64

    /// In the order of their cards; none where the file is one that no daemon of this release has opened yet.
    package static func rows(of link: Int, _ database: borrowing Database) throws(StorageError) -> [SenderRow] {
        guard try LinkLoader.has("fingerprint", in: "senders", database) else { return [] }
        var rows = try database.prepare(
            """
            SELECT place, fingerprint, beat_epoch, beat_incarnation, beat_block, beat, heard_until, heard_floor, rivals_since
            FROM senders WHERE link = ?1 ORDER BY place
            """)
        rows.bind(1, Int64(link))
        var found: [SenderRow] = []
        while try rows.step() {
            try rows.requireNumbers(0...0, of: "a sender", in: database)
            let place = Int(clamping: rows.integer(0))
            guard places.contains(place) else {
                throw .corrupt(path: database.path, reason: "a sender whose card stands at place \(place)")
            }
            var row = SenderRow(place: place, fingerprint: rows.text(1))
            row.frontier = rows.frontier(2)
            if !rows.isNull(5) {
                do throws(ContentError) { row.beat = try Beat(decoding: rows.blob(5)) } catch {
                    throw .corrupt(path: database.path, reason: "a beat that was stored: \(error)")
                }
            }
            row.heardUntil = rows.time(6)
            row.heardFloor = rows.integer(7) != 0
            row.rivalsSince = rows.time(8)
            found.append(row)
        }
        return found
    }

    /// The fingerprints that the database has for the cards of a link, by place; nil: it knows no such card.
    static func fingerprints(
        of link: String, cards: Int, in database: borrowing Database
    ) throws(StorageError) -> [String?] {
        var found = [String?](repeating: nil, count: cards)
        var rows = try database.prepare(
            """
            SELECT place, senders.fingerprint FROM senders JOIN links ON links.id = link WHERE name = ?1 ORDER BY place
            """)
        rows.bind(1, text: link)
        while try rows.step() {
            let place = Int(clamping: rows.integer(0))
            if found.indices.contains(place) { found[place] = rows.text(1) }
        }
        return found
    }

    /// Names the key that a card of a link has now, and makes its row if there is none.
    static func name(
        _ fingerprint: String, of place: Int, link: Int, in database: borrowing Database
    ) throws(StorageError) {
        var row = try database.prepare(
            """
            INSERT INTO senders (link, place, fingerprint) VALUES (?1, ?2, ?3)
            ON CONFLICT (link, place) DO UPDATE SET fingerprint = excluded.fingerprint
            """)
        row.bind(1, Int64(link))
        row.bind(2, Int64(place))
        row.bind(3, text: fingerprint)
        while try row.step() {}
    }
}

extension Statement {
    /// Epoch, incarnation and block of a channel's newest block, from a column on.
    borrowing func frontier(_ column: Int) -> ChannelFrontier {
        ChannelFrontier(
            epoch: Epoch(rawValue: unsigned(column)),
            incarnation: optional(column + 1).map { Incarnation(rawValue: $0) }, block: unsigned(column + 2))
    }
}
