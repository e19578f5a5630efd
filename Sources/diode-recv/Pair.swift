internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import Glibc
internal import KeyFiles
internal import ReceiverIT
internal import Threading

/// `diode-recv pair`: takes the card of a sender once the operator has compared its fingerprint.
enum Pair {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let expected = try fingerprint(invocation, "--fingerprint")
        let replaced = try fingerprint(invocation, "--replace")
        let path = invocation.required("--config")
        let configuration = try ReceiverConfiguration(path: path)
        let card = try CardFile.read(invocation.operands[0])
        guard let link = configuration.links.first(where: { $0.name == card.link }) else {
            let names = configuration.links.map(\.name).joined(separator: ", ")
            throw Program.Failure(
                "the card is for link \"\(card.link)\", which \(path) does not have; it has: \(names)")
        }
        let lock = try lockState(configuration.state.resolved)
        try compare(card, with: link.card.resolved, replaced: replaced)
        Terminal.write("link         \(card.link)\nfingerprint  \(card.fingerprint)\n")
        try confirm(card, expected: expected ?? (replaced == card.fingerprint ? replaced : nil))
        try CardFile.replace(link.card.resolved, card)
        withExtendedLifetime(lock) {}
        Terminal.line("paired: \(link.card)")
        return .success
    }

    /// An option that must have the form of a fingerprint.
    private static func fingerprint(_ invocation: Invocation, _ option: String) throws(UsageError) -> String? {
        guard let text = invocation.value(option) else { return nil }
        let digits = text.dropFirst(7)
        guard text.hasPrefix("SHA256:"), digits.utf8.count == 43,
            digits.utf8.allSatisfy({ byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
                default: false
                }
            })
        else {
            throw UsageError("\(option): \"\(text)\" is no fingerprint; allowed: SHA256: and 43 characters of base64")
        }
        return text
    }

    /// A daemon would not notice the new card, so there must be none while it changes. A folder that does not exist yet
    /// has no daemon.
    private static func lockState(_ state: String) throws(Program.Failure) -> StateLock? {
        do throws(ControlError) { return try StateLock(state: state) } catch {
            if case .cannotLock(_, let reason) = error, reason.code == ENOENT { return nil }
            throw Program.Failure("\(error); stop diode-recv, pair, and start it again")
        }
    }

    /// Refuses another key for a link that has one, unless the operator names what is replaced.
    private static func compare(_ card: LinkCard, with path: String, replaced: String?) throws(Program.Failure) {
        let known: LinkCard
        do throws(CardFileError) { known = try CardFile.read(path) } catch {
            guard error.isMissing else { throw Program.Failure(error) }
            return
        }
        if known.key == card.key {
            guard card.lowestEpoch >= known.lowestEpoch else {
                throw Program.Failure(
                    "this card is older than the one at \(path): it vouches for epoch \(card.lowestEpoch.rawValue), that"
                        + " one for \(known.lowestEpoch.rawValue)")
            }
            return
        }
        guard let replaced else {
            throw Program.Failure(
                "link \"\(card.link)\" has another key already: \(known.fingerprint); a new key is taken with"
                    + " --replace \(known.fingerprint)")
        }
        guard replaced == known.fingerprint || replaced == card.fingerprint else {
            throw Program.Failure("--replace \(replaced) is not the key of link \"\(card.link)\": \(known.fingerprint)")
        }
    }

    private static func confirm(_ card: LinkCard, expected: String?) throws(Program.Failure) {
        if let expected {
            guard expected == card.fingerprint else {
                throw Program.Failure("the card's fingerprint is \(card.fingerprint), not \(expected): not paired")
            }
            return
        }
        let answer = Terminal.ask("Is this what diode-send keygen printed at the sender? Type yes: ")
        guard answer == "yes" else { throw Program.Failure("not confirmed: not paired") }
    }
}
