internal import Commands

/// The commands and options of diode-recv.
enum ReceiverLanguage {
    /// The commands that this version has.
    enum Name: String {
        case run, pair, check, status, ack, forget, keygen, revoke
        case audit = "--audit"
    }

    private typealias Command = CommandLanguage.Command
    private typealias Option = CommandLanguage.Option

    static let language = CommandLanguage(
        program: "diode-recv",
        summary: "takes what diode-send sends, proves what is missing, and publishes it on an IT broker",
        commands: available + [audit],
        closing: """
            status: 3 degraded, 4 stale or offline, 1 no daemon answers
            deploy/examples/recv.json5 explains every key of the configuration.
            """)

    private static let available = [
        Command(
            "run",
            options: [
                .config, Option("--log-format", "text|json", summary: "lines for people (the default) or for machines"),
            ],
            summary: "runs the daemon; SIGTERM drains for at most 15 s and ends it",
            examples: ["diode-recv run --config /etc/uns-diode/recv.json5"]),
        Command(
            "pair", operands: ["CARD"],
            options: [
                .config,
                Option("--fingerprint", "SHA256:…", summary: "what keygen printed; without it you are asked"),
                Option("--replace", "SHA256:…", summary: "the key that this card replaces, by its fingerprint"),
            ],
            summary: "takes the card of a sender, once you have compared its fingerprint",
            details: """
                The fingerprint must be the one that diode-send keygen printed at the sender: everything that is received
                rests on this comparison. The card is copied to links[].card of the link that it names. Another key for a
                link that has one is refused without --replace, which names the old key (or the new one, which then counts
                as compared).
                """,
            examples: [
                "diode-recv pair --config /etc/uns-diode/recv.json5 --fingerprint SHA256:… /media/usb/plant-a.card"
            ]),
        Command(
            "revoke",
            options: [
                .config, Option("--link", "NAME", isRequired: true, summary: "whose key it is"),
                Option("--key", "SHA256:…", isRequired: true, summary: "the fingerprint of the key"),
                Option("--reason", "TEXT", isRequired: true, summary: "why, for the ledger; at most 1000 characters"),
            ],
            summary: "from the next start on a key is not followed, and nothing that it signs counts",
            details: """
                Stop the daemon first. The key that is in use: nothing is received until another card is paired. A key that has
                handed over to another one (diode-send rotate): what was followed stays, and no receiver with an older database
                can be led elsewhere with it. A key that is revoked cannot be paired.
                """,
            examples: [
                "diode-recv revoke --config /etc/uns-diode/recv.json5 --link plant-a --key SHA256:… --reason 'appliance stolen'"
            ]),
        Command(
            "check", options: [.config],
            summary: "tests what can be tested and shows the effective configuration; 1 if a check fails",
            examples: ["diode-recv check --config /etc/uns-diode/recv.json5"]),
        Command(
            "status", options: [.config, Option("--json", summary: "the daemon's whole answer as JSON")],
            summary: "asks the daemon how it is: 0 well, 3 degraded, 4 stale or offline, 1 no answer",
            examples: ["diode-recv status --config /etc/uns-diode/recv.json5"]),
        Command(
            "ack", operands: ["GAP"],
            options: [
                .config, Option("--by", "WHO", isRequired: true, summary: "who acknowledges; at most 64 bytes"),
                Option("--reason", "TEXT", isRequired: true, summary: "why the loss is accepted; at most 1000 bytes"),
                Option("--link", "NAME", summary: "whose gap, where several links have one of this number"),
            ],
            summary:
                "acknowledges a loss, so that the audit does not exit 4 for it any more; the daemon may run or not",
            details: """
                GAP is what the audit prints: the number of a lost gap, or loss-3, equivocation-57 or alteration-58. The ledger
                keeps who accepted it and why, for ever.
                """,
            examples: [
                "diode-recv ack 12 --config /etc/uns-diode/recv.json5 --by 'J. Meier' --reason 'fibre work, ticket 4711'"
            ]),
        Command(
            "forget",
            options: [.config, Option("--link", "NAME", isRequired: true, summary: "the link that is gone")],
            summary: "clears what a removed link left on the IT broker and in the database; the daemon may run or not",
            details: """
                Take the link out of the configuration, and restart the daemon, first. Every retained value that bears the
                link's name (MQTT 5: diode-link) is deleted, then its rows go: its gaps and losses are not in the audit any
                more. The ledger keeps what it said of them, and that they went.
                """,
            examples: ["diode-recv forget --config /etc/uns-diode/recv.json5 --link plant-a"]),
        Command(
            "keygen",
            options: [
                Option("--out", "DIR", isRequired: true, summary: "where NAME.seal-key and NAME.seal are written"),
                Option("--name", "NAME", summary: "of the two files; receiver by default"),
            ],
            summary: "makes the seal key pair and prints its fingerprint: blocks are encrypted for it",
            details: """
                NAME.seal-key stays here (seal_keys in recv.json5). NAME.seal is public: carry it to the sender (link.seal in
                send.json5), and compare the fingerprint that diode-send check shows with the one printed here.
                """,
            examples: ["diode-recv keygen --out /var/lib/uns-diode"]),
    ]

    private static let audit = Command(
        "--audit",
        options: [
            .config, Option("--link", "NAME", summary: "one link only"),
            Option(
                "--format", "table|json|csv|html",
                summary: "for a terminal (the default), programs, spreadsheets, auditors"),
            Option("--since", "T", summary: "from then on: an RFC 3339 time, or a date, which is its first instant"),
            Option("--until", "T", summary: "up to, and without, then"),
            Option("--tz", "Z", summary: "the zone of dates: UTC (the default), +02:00, Europe/Berlin"),
            Option("--bundle", "OUT", summary: "writes which blocks are missing, for diode-send resend"),
            Option(
                "--verify",
                summary: "follows the ledger's chain from its first entry, and checks the seal over the tables"),
            Option(
                "--head", "H", mayRepeat: true,
                summary: "with --verify, once or several times: the chain must have this head, noted elsewhere"),
        ],
        summary: "says what is missing and lost, and whether the books balance; the daemon may run or not",
        details: """
            0 balanced and nothing missing; 3 gaps are open, or the link is stale; 4 records are lost, shed or dead-lettered
            and nobody has acknowledged it; 5 the books do not balance, two senders used one key, digests differ, or the
            ledger is not what it was. --since and --until narrow all of it, by the receiver's clock.
            """,
        examples: [
            "diode-recv --audit --config /etc/uns-diode/recv.json5",
            "diode-recv --audit --config /etc/uns-diode/recv.json5 --since 2026-11-01 --until 2026-12-01 --tz Europe/Berlin"
                + " --format html > november.html",
            "diode-recv --audit --config /etc/uns-diode/recv.json5 --verify --head 4711:3f0c…9a",
        ])
}
