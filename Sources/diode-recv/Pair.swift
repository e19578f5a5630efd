internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import KeyFiles
internal import ReceiverIT
internal import Threading

/// `diode-recv pair`: takes the card of a sender once the operator has compared its fingerprint.
enum Pair {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let expected = try OperatorRequest.fingerprint(invocation, "--fingerprint")
        let replaced = try OperatorRequest.fingerprint(invocation, "--replace")
        let path = invocation.required("--config")
        let configuration = try ReceiverConfiguration(path: path)
        let card = try CardFile.read(invocation.operands[0])
        guard let link = configuration.links.first(where: { $0.name == card.link }) else {
            let names = configuration.links.map(\.name).joined(separator: ", ")
            throw Program.Failure(
                "the card is for link \"\(card.link)\", which \(path) does not have; it has: \(names)")
        }
        let lock = try StoppedDaemon.lock(configuration.state.resolved, "diode-recv", to: "pair")
        if let revoked = try RevocationFile.read(besideCard: link.card.resolved).first(where: {
            $0.fingerprint == card.fingerprint
        }) {
            throw Program.Failure(
                "the key of this card was revoked at \(CalendarTime.text(revoked.at)): \(revoked.reason)")
        }
        try compare(card, with: link.card.resolved, replaced: replaced)
        Terminal.write("link         \(card.link)\nfingerprint  \(card.fingerprint)\n")
        try confirm(card, expected: expected ?? (replaced == card.fingerprint ? replaced : nil))
        try CardFile.replace(link.card.resolved, card)
        withExtendedLifetime(lock) {}
        Terminal.line("paired: \(link.card)")
        return .success
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
