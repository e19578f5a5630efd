/// P5: nothing on the receiver's side of the link can send, and nothing on the sender's side can receive.
///
/// The operating system enforces it when the pair runs; this keeps the calls out of the source in the first place. It guards whole
/// folders: a file that is added to one of them is guarded whatever its name.
enum OneWay {
    struct Side {
        let name: String
        let folders: [String]
        let calls: [String]
    }

    private static let sending = [
        "send", "sendto", "sendmsg", "sendmmsg", "cl_sendmmsg", "write", "writev", "pwrite", "connect", "sendfile",
        "splice",
    ]
    private static let receiving = [
        "recv", "recvfrom", "recvmsg", "recvmmsg", "cl_recvmmsg", "read", "readv", "listen", "accept",
    ]

    static let receiver = Side(
        name: "the receiver's link code", folders: ["Sources/ReceiverIT/", "Sources/Shared/Datagrams/Listening/"],
        calls: sending)
    static let sender = Side(
        name: "the sender's link code", folders: ["Sources/SenderOT/Emission/", "Sources/Shared/Datagrams/Emitting/"],
        calls: receiving)
    /// What both sides use: everything else in the folder of Datagrams.
    static let common = Side(
        name: "what both sides of the link share", folders: ["Sources/Shared/Datagrams/"], calls: sending + receiving)

    static func findings(in tree: ProjectTree) -> [Finding] {
        let sides = [receiver, sender, common]
        var findings = sides.flatMap(\.folders).filter { tree.paths(under: $0, ending: ".swift").isEmpty }.map {
            Finding($0, "is to be kept one-way, and holds nothing")
        }
        for path in tree.paths(under: "Sources/", ending: ".swift") {
            guard let side = sides.first(where: { $0.folders.contains { path.hasPrefix($0) } }) else { continue }
            for line in tree.lines(of: path) {
                if let call = call(in: line.text, of: side) {
                    findings.append(Finding(path, line: line.number, "\(side.name) calls \(call)()"))
                }
            }
        }
        return findings
    }

    /// A call of the C function: not a method of something (`.write(`), unless of the C library, and not a declaration.
    private static func call(in line: Substring, of side: Side) -> String? {
        let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        guard code.contains("(") else { return nil }
        for match in code.matches(of: /(^|[^\w.]|Glibc\.)(\w+)\(/) where side.calls.contains(String(match.output.2)) {
            if !code[..<match.range.upperBound].contains(/\bfunc +\w+\($/) { return String(match.output.2) }
        }
        return nil
    }
}
