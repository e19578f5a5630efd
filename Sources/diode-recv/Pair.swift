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
        if let revoked = try RevocationFile.read(besideCard: link.cards[0].resolved).first(where: {
            $0.fingerprint == card.fingerprint
        }) {
            throw Program.Failure(
                "the key of this card was revoked at \(CalendarTime.text(revoked.at)): \(revoked.reason)")
        }
        let place = try place(of: card, in: link, replaced: replaced)
        Terminal.write("link         \(card.link)\nfingerprint  \(card.fingerprint)\n")
        try confirm(card, expected: expected ?? (replaced == card.fingerprint ? replaced : nil))
        try CardFile.replace(place.resolved, card)
        withExtendedLifetime(lock) {}
        Terminal.line("paired: \(place)")
        return .success
    }

    /// Where a card goes: in the place of the one that has its key or that it replaces, else into the first that is empty. Refuses another key
    /// for a link without such a place, unless the operator names what is replaced.
    private static func place(
        of card: LinkCard, in link: ReceiverConfiguration.Link, replaced: String?
    ) throws -> FilePath {
        var known: [(path: FilePath, card: LinkCard)] = []
        var empty: FilePath?
        for path in link.cards {
            do throws(CardFileError) { known.append((path, try CardFile.read(path.resolved))) } catch {
                guard error.isMissing else { throw Program.Failure(error) }
                empty = empty ?? path
            }
        }
        if let (path, same) = known.first(where: { $0.card.key == card.key }) {
            guard card.lowestEpoch >= same.lowestEpoch else {
                throw Program.Failure(
                    "this card is older than the one at \(path.resolved): it vouches for epoch \(card.lowestEpoch.rawValue), that"
                        + " one for \(same.lowestEpoch.rawValue)")
            }
            return path
        }
        let keys = known.map(\.card.fingerprint).joined(separator: ", ")
        if let replaced {
            if let (path, _) = known.first(where: { $0.card.fingerprint == replaced }) { return path }
            if replaced == card.fingerprint, known.count == 1, empty == nil { return known[0].path }
            guard let empty, known.isEmpty else {
                throw Program.Failure("--replace \(replaced) is not the key of link \"\(card.link)\": \(keys)")
            }
            return empty
        }
        guard let empty else {
            throw Program.Failure(
                "link \"\(card.link)\" has another key already: \(keys); a new key is taken with"
                    + " --replace \(known.first?.card.fingerprint ?? "")")
        }
        return empty
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
