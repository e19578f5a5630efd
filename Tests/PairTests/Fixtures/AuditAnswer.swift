import Foundation
import TestKit

/// What `diode-recv --audit --format json` says of the pair's link, as far as a test asks for it (C4).
struct AuditAnswer: CustomStringConvertible {
    let exit: Child.Exit
    private let link: [String: Any]

    /// Asks; the daemon may run or not.
    init(_ pair: DiodePair, _ options: [String] = []) async throws {
        let finished = try await run(
            [
                Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration, "--format", "json",
            ] + options)
        let document = try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any]
        guard let links = document?["links"] as? [[String: Any]], let first = links.first else {
            throw CommandFailed(description: "\(finished.exit): the audit names no link: \(finished.errors)")
        }
        exit = finished.exit
        link = first
    }

    /// A list of objects, such as `gaps` or `losses`.
    func list(_ name: String) -> [[String: Any]] { link[name] as? [[String: Any]] ?? [] }

    /// The losses of a layer.
    func losses(of layer: String) -> [[String: Any]] { list("losses").filter { $0["layer"] as? String == layer } }

    /// The actions of a kind.
    func actions(_ what: String) -> [[String: Any]] { list("actions").filter { $0["what"] as? String == what } }

    /// What is different in the gaps, each once, sorted; such as their causes.
    func gaps(_ name: String) -> [String] { Set(list("gaps").compactMap { $0[name] as? String }).sorted() }

    func total(_ name: String) -> Int { (link["totals"] as? [String: Any])?[name] as? Int ?? 0 }
    func sender(_ name: String) -> Int? { (link["sender"] as? [String: Any])?[name] as? Int }
    /// `digest_matches` or `it_matches`; nil while nobody can say.
    func replica(_ name: String) -> Bool? { (link["replica"] as? [String: Any])?[name] as? Bool }
    var isBalanced: Bool { link["balanced"] as? Bool ?? false }
    var heardUntil: String? { link["heard_until"] as? String }
    var isStale: Bool { link["stale"] as? Bool ?? true }
    /// Why the link is not well, as the receiver says it.
    var reason: String { link["reason"] as? String ?? "" }
    /// Everything that is wrong, the worst first.
    var findings: [String] { list("findings").compactMap { $0["text"] as? String } }
    /// The same, each with what to do about it, and the link's reason.
    var words: String {
        let all = list("findings").flatMap { [$0["text"] as? String ?? "", $0["advice"] as? String ?? ""] }
        return (all + [reason]).joined(separator: "; ")
    }

    var description: String {
        let epochs = list("epochs").map { epoch in
            epoch.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
        }
        let parts = ["totals", "replica", "gaps", "losses", "actions", "rejected"].map {
            "\($0): \(link[$0] ?? "none")"
        }
        return
            "\(exit), stale \(isStale), \(reason), \(findings)\nepochs: \(epochs.joined(separator: "\n  "))\n\(parts.joined(separator: "\n"))"
    }
}

extension DiodePair {
    /// Waits until the audit is exit 0.
    func waitUntilAuditIsWell() async throws {
        var audit = try await AuditAnswer(self)
        let isWell = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(self)
            return audit.exit == .code(0)
        }
        guard isWell else { throw CommandFailed(description: "\(audit)") }
    }
}
