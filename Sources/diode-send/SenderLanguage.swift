internal import Commands

/// The commands and options of diode-send.
enum SenderLanguage {
    /// The commands that this version has.
    enum Name: String {
        case run, keygen, card, check, status, resend, rotate
        case acceptDeletions = "accept-deletions"
    }

    private typealias Command = CommandLanguage.Command
    private typealias Option = CommandLanguage.Option

    static let language = CommandLanguage(
        program: "diode-send",
        summary: "publishes of an OT broker, signed and protected against loss, over a data diode",
        commands: available,
        closing: """
            status: 3 degraded, 4 stale or offline, 1 no daemon answers
            deploy/examples/send.json5 explains every key of the configuration.
            """)

    private static let available = [
        Command(
            "run",
            options: [
                .config,
                Option("--log-format", "text|json", summary: "lines for people (the default) or for machines"),
                Option("--epoch", "N", summary: "start epoch N, for a machine whose clock is wrong"),
            ],
            summary: "runs the daemon; SIGTERM drains for at most 15 s and ends it",
            examples: ["diode-send run --config /etc/uns-diode/send.json5"]),
        Command(
            "keygen",
            options: [
                Option("--link", "NAME", isRequired: true, summary: "the link's name: 1 to 64 of A-Z a-z 0-9 . _ -"),
                Option("--out", "DIR", isRequired: true, summary: "where NAME.key and NAME.card are written"),
            ],
            summary: "makes a key (secret, mode 0600) and its link card (public); prints the fingerprint",
            details: "Never overwrites. Carry the card to the receiver and compare the fingerprint there.",
            examples: ["diode-send keygen --link plant-a --out /var/lib/uns-diode"]),
        Command(
            "card",
            options: [.config, Option("--out", "FILE", isRequired: true, summary: "where the card is written")],
            summary: "issues a fresh card of the same key, which no longer vouches for older epochs",
            examples: ["diode-send card --config /etc/uns-diode/send.json5 --out plant-a.card"]),
        Command(
            "rotate",
            options: [
                .config,
                Option("--forget", summary: "from the next start on earlier keys are not told of any more"),
            ],
            summary: "replaces the key by a new one, vouched for by the old one, which is deleted",
            details: """
                Stop the daemon first, and start it again. Receivers follow by themselves when they hear it, also weeks later: the sender
                says so with each beat. Compare the new fingerprint with that in diode-recv status. Interrupted, it goes on when it is
                run again. Once every receiver has followed, --forget ends the telling.
                """,
            examples: ["diode-send rotate --config /etc/uns-diode/send.json5"]),
        Command(
            "check",
            options: [
                .config,
                Option(
                    "--topic", "TOPIC", summary: "says what the export policy would do with a message of this topic"),
                Option("--payload", "FILE", summary: "and with this payload"),
                Option("--against-running", summary: "which topics the file would add and remove at the daemon"),
            ],
            summary: "tests what can be tested and shows the effective configuration; 1 if a check fails",
            examples: ["diode-send check --config /etc/uns-diode/send.json5 --topic acme/site/line/temp"]),
        Command(
            "status", options: [.config, Option("--json", summary: "the daemon's whole answer as JSON")],
            summary: "asks the daemon how it is: 0 well, 3 degraded, 4 stale or offline, 1 no answer",
            examples: ["diode-send status --config /etc/uns-diode/send.json5"]),
        Command(
            "accept-deletions", options: [.config], summary: "releases deletions that are held",
            details: """
                When more retained values are gone from the OT broker than `deletions.hold` believes, the sender holds their
                deletion and says so. Without a daemon, its next start believes what it finds.
                """,
            examples: ["diode-send accept-deletions --config /etc/uns-diode/send.json5"]),
        Command(
            "resend",
            options: [.config, Option("--bundle", "FILE", isRequired: true, summary: "what the receiver misses")],
            summary: "repeats what the receiver misses: 0 all of it is there, 3 some, 1 none",
            details: """
                The bundle is written by diode-recv --audit --bundle and carried by hand. The daemon plays the blocks in what the link
                has left; without one, its next start does.
                """,
            examples: ["diode-send resend --config /etc/uns-diode/send.json5 --bundle /media/usb/plant-a.bundle"]),
    ]
}
