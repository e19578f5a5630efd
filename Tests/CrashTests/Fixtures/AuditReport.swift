import Foundation
import TestKit

/// What `diode-recv --audit --format json` says about the link, as far as a verdict asks for it (C4).
struct AuditReport: Decodable {
    struct Gap: Decodable {
        let id: Int
        let epoch: UInt64
        let first: UInt64
        let last: UInt64
        let records: UInt64
        let missing: Int?
        let state: String
        let cause: String

        private enum CodingKeys: String, CodingKey {
            case id, epoch, records, missing, state, cause
            case first = "first_sequence"
            case last = "last_sequence"
        }
    }

    struct Epoch: Decodable {
        let epoch: UInt64
        let sent: Int
        let delivered: Int
        let late: Int
        let missing: Int
        let lost: Int
    }

    struct Loss: Decodable {
        let layer: String
        let reason: String
        let records: Int
    }

    let balanced: Bool
    let totals: [String: Int]
    let epochs: [Epoch]
    let gaps: [Gap]
    let losses: [Loss]

    func total(_ name: String) -> Int { totals[name] ?? 0 }

    /// The gap that names this stamp, open or lost.
    func gap(epoch: UInt64, sequence: UInt64) -> Gap? {
        gaps.first {
            $0.epoch == epoch && $0.state != "healed" && $0.first <= sequence && sequence <= $0.last
        }
    }

    /// Equations of the audit's JSON (C4) that do not hold.
    var broken: [String] {
        var broken: [String] = []
        for epoch in epochs where epoch.sent != epoch.delivered + epoch.late + epoch.missing + epoch.lost {
            broken.append("epoch \(epoch.epoch): sent \(epoch.sent) is not the sum of its parts: \(epoch)")
        }
        let arrived = total("delivered") + total("late")
        let left = total("published") + total("outbox") + total("shed") + total("dead") + total("folded")
        if arrived != left { broken.append("\(arrived) arrived, but \(left) are accounted for: \(totals)") }
        let open = gaps.filter { $0.state == "open" }
        let missing = open.reduce(0) { $0 + ($1.missing ?? 0) }
        if missing != total("missing") {
            broken.append("\(total("missing")) are missing, but \(missing) by the open gaps: \(open)")
        }
        if !balanced { broken.append("the audit says that it does not balance") }
        return broken
    }

    private struct Answer: Decodable {
        let links: [AuditReport]
    }

    /// Asks for it.
    static func ask(_ pair: DiodePair) async throws -> AuditReport {
        let finished = try await run([
            Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration, "--format", "json",
        ])
        do {
            let answer = try JSONDecoder().decode(Answer.self, from: Foundation.Data(finished.output.utf8))
            if let first = answer.links.first { return first }
        } catch {
            throw CommandFailed(description: "the audit cannot be read: \(error): \(finished.output.prefix(2_000))")
        }
        throw CommandFailed(description: "\(finished.exit): the audit names no link: \(finished.errors)")
    }
}
