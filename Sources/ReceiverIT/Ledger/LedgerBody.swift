package import JSON

extension LedgerEntry {
    /// Its body; empty if it is none.
    package var json: JSONValue {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return .object([]) }
    }
}
