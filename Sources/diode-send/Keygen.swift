internal import Commands
internal import Crypto
internal import DiodeProtocol
internal import Glibc
internal import KeyFiles
internal import Threading
internal import Time

/// `diode-send keygen`: a key and its card. Prints the fingerprint and nothing else, so that a script can keep it.
enum Keygen {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let link = invocation.required("--link")
        guard LinkCard.isLinkName(link) else {
            throw UsageError("--link: \"\(link)\" is no link name; allowed: 1 to 64 of A-Z a-z 0-9 . _ -")
        }
        let folder = invocation.required("--out")
        let (keyPath, cardPath) = ("\(folder)/\(link).key", "\(folder)/\(link).card")
        // Both are looked at before either is written; the writing itself refuses once more.
        for path in [keyPath, cardPath] where WholeFile.exists(path) {
            throw Program.Failure("\(path): exists already and is not overwritten")
        }
        var signer = try Ed25519Signer()
        let now = UnixClock.now()
        let card = try LinkCard(
            link: link, signer: &signer, lowestEpoch: Epoch(rawValue: max(1, now.rawValue)),
            issued: now)
        try KeyFile.write(signer, to: keyPath)
        do throws(CardFileError) { try CardFile.create(cardPath, card) } catch {
            // A key without a card is of no use, and would be in the way of the next attempt.
            unlink(keyPath)
            throw Program.Failure(error)
        }
        return Terminal.line(card.fingerprint) ? .success : .failure
    }
}
