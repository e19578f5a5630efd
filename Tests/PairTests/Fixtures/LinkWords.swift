import Foundation
import TestKit

/// What is said of a link at one place: status, the retained status on the IT broker, …
struct LinkWords: CustomStringConvertible {
    let state, reason, advice: String

    private init?(_ object: [String: Any]?, advice: String? = nil) {
        guard let object, let state = object["state"] as? String else { return nil }
        self.state = state
        reason = object["reason"] as? String ?? ""
        self.advice = advice ?? object["advice"] as? String ?? ""
    }

    /// Of `status`, with what it exits with.
    static func status(_ pair: DiodePair) async throws -> (words: LinkWords, exit: Child.Exit) {
        let finished = try await pair.status(.receiver)
        let answer = try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any]
        let advice = answer?["advice"] as? String
        guard let words = LinkWords(answer?["link"] as? [String: Any], advice: advice) else {
            throw CommandFailed(description: "\(finished.exit): \(finished.output)\(finished.errors)")
        }
        return (words, finished.exit)
    }

    /// Each of what was retained at `diode/plant-a/status`, in order.
    static func retained(_ subscriber: Subscriber) -> [LinkWords] {
        subscriber.messages.filter { $0.topic == "diode/plant-a/status" }.compactMap {
            LinkWords(try? JSONSerialization.jsonObject(with: Data($0.payload)) as? [String: Any])
        }
    }

    var description: String { "\(state): \(reason) (\(advice))" }
}
