internal import Collections

/// Whether the primary host is online, by its STATE (Sparkplug 3.0.0 section 6.4.25): `{"online": true, "timestamp": 1700000000000}`, retained.
struct HostState: Sendable, Equatable {
    private(set) var isOnline = false
    private var timestamp: UInt64 = 0

    /// Takes a STATE. One that is older than what is known says nothing (a host's will that came after its birth), neither does one that
    /// cannot be read. An empty one is a host that was deleted.
    mutating func take(_ payload: RawSpan) {
        guard payload.byteCount > 0 else {
            isOnline = false
            return
        }
        guard payload.byteCount <= 4096, let said = Self.read([UInt8](copying: payload)), said.timestamp >= timestamp
        else {
            return
        }
        isOnline = said.isOnline
        timestamp = said.timestamp
    }

    /// A flat JSON object with both keys; others may stand beside them.
    private static func read(_ bytes: [UInt8]) -> (isOnline: Bool, timestamp: UInt64)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let open = text.firstIndex(of: "{"), let close = text.lastIndex(of: "}"), open < close else { return nil }
        var isOnline: Bool?
        var timestamp: UInt64?
        for entry in text[text.index(after: open)..<close].split(separator: ",") {
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let value = trimmed(parts[1])
            switch trimmed(parts[0]) {
            case "\"online\"": isOnline = value == "true" ? true : value == "false" ? false : nil
            case "\"timestamp\"": timestamp = UInt64(value)
            default: break
            }
        }
        guard let isOnline, let timestamp else { return nil }
        return (isOnline, timestamp)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start }
        return start[...last]
    }
}
