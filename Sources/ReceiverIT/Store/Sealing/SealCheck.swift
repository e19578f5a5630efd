internal import Crypto
internal import DiodeProtocol
internal import Glibc
internal import JSON
internal import KeyFiles
internal import Ledger
package import Storage

/// Whether the tables are what the receiver signed last. Call it inside a reading transaction.
package enum SealCheck {
    package enum Verdict: Equatable, Sendable {
        /// Everything is as it was signed with the ledger's head. `unsealed` are tables that no seal names yet.
        case holds(unsealed: [String])
        /// An earlier release wrote this file and seals nothing: nobody can prove what the tables say.
        case unsealed
        /// Each a sentence without a full stop.
        case broken([String])

        package var defects: [String] { if case .broken(let defects) = self { defects } else { [] } }
    }

    package static func verdict(in database: borrowing Database) throws(StorageError) -> Verdict {
        switch try Seal.stored(in: database) {
        case .noTable, .none:
            guard try isExpected(in: database) else { return .unsealed }
            return .broken(["the seal over the tables is gone: somebody deleted it"])
        case .unreadable: return .broken(["the seal over the tables cannot be read: somebody changed it"])
        case .seal(let seal, let sums): return try verdict(seal, sums, in: database)
        }
    }

    private static func verdict(
        _ seal: Seal, _ sums: RowSums, in database: borrowing Database
    ) throws(StorageError) -> Verdict {
        guard seal.isSigned else {
            return .broken(["the seal over the tables bears no true signature: somebody changed it"])
        }
        let key = Base64.encode(seal.key)
        if let announced = try AuditKey.announced(in: database), announced != key {
            return .broken(["the tables were sealed with another audit key than the one that the ledger names"])
        }
        if let beside = AuditKey.publicText(beside: database.path), beside != key {
            return .broken(["the tables were sealed with another audit key than the one beside the database"])
        }
        var defects: [String] = []
        let head = try LedgerReader.head(in: database)
        if head != seal.head {
            defects.append(
                "the ledger ends at entry \(head.number) and the tables were sealed with entry \(seal.head.number)"
                    + (head.number == seal.head.number ? " of another ledger" : ""))
        }
        var unsealed: [String] = []
        for table in SealedTables.names {
            let there = try RowSums.count(table, in: database)
            switch (sums[table], there) {
            case (nil, nil): break
            case (nil, _?): unsealed.append(table)
            case (let sealed?, let there) where sealed != there:
                let rows = there?.rows ?? 0
                defects.append(
                    "the table \(table) is not what the receiver wrote: "
                        + (sealed.rows == rows ? "a row was changed" : "it has \(rows) rows and had \(sealed.rows)"))
            default: break
            }
        }
        return defects.isEmpty ? .holds(unsealed: unsealed) : .broken(defects)
    }

    /// Whether the receiver that ran last seals its tables.
    private static func isExpected(in database: borrowing Database) throws(StorageError) -> Bool {
        try LedgerReader.entries(of: "", kind: ReceiverAction.started, in: database).last?.json["seal"] != nil
    }
}
