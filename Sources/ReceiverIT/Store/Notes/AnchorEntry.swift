internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import ReceiverITCore
internal import Time

extension Anchors.Candidate {
    package static let kind = "anchor"

    /// What people look for, and the proof of it.
    func entry(of link: String, at time: UnixMilliseconds) -> LedgerEntry {
        let body: JSONValue = [
            "epoch": .number(beat.header.id.epoch.rawValue), "sequence": .number(said.lastSequence),
            "clock": .text(CalendarTime.text(said.clock)), "signed": .text(Base64.encode(beat.bytes)),
        ]
        return LedgerEntry(link: link, at: time.rawValue, kind: Self.kind, body: body.line)
    }
}
