import Testing

// TidyTests keeps the house in order: rules over the text of the project that no compiler checks.
//
// Each rule is a pure function from a ProjectTree to findings. `TidyTests` holds this project to it; `PlantedDefectTests`
// shows on a small tree that the rule finds what it is for.

@Suite("The house is tidy")
struct TidyTests {
    /// Read once: it is a thousand files.
    private static let project = Result { try ProjectTree.ownProject() }
    let tree: ProjectTree

    init() throws {
        tree = try Self.project.get()
    }

    @Test("Each folder of sources is a target of Package.swift")
    func folders() {
        #expect(PackageManifest.unknownFolders(tree) == [])
    }

    @Test(
        "Each folder's entry file lists the files and folders beside it, and the folder holds no more than fit one list"
    )
    func drawings() {
        #expect(StageDrawings.findings(in: tree) == [])
    }

    @Test("Imports follow the arrows of Package.swift, and Foundation stays out of the product")
    func imports() {
        #expect(ImportRules.findings(in: tree) == [])
    }

    @Test("P5 the receiver's link code holds no call that sends, the sender's none that receives")
    func oneWay() {
        #expect(OneWay.findings(in: tree) == [])
    }

    @Test("What the documents point at exists")
    func documents() {
        #expect(DocumentLinks.findings(in: tree) == [])
    }

    @Test("Each rule of the wire is defined once, and each that says MUST has a test")
    func wireRules() {
        #expect(WireRules.findings(in: tree) == [])
    }

    @Test("The page of the architecture has a line for each room and a file for each stage that it draws")
    func architecture() {
        #expect(ArchitecturePage.findings(in: tree) == [])
    }

    @Test("The table of threads lists the threads that the source starts")
    func threads() {
        #expect(ThreadTable.findings(in: tree) == [])
    }

    @Test("The index of decisions is their folder, and what supersedes what is said in both places")
    func decisions() {
        #expect(DecisionPages.findings(in: tree) == [])
    }

    @Test("Every promise, decision and rule that a file cites is defined in this repository")
    func citations() {
        #expect(Citations.findings(in: tree) == [])
    }

    @Test("No source is too long, unfinished, or full of traps, and nothing names one machine")
    func sourceText() {
        #expect(SourceText.findings(in: tree) == [])
    }

    @Test("One list of Debian packages serves Package.swift, make, CI and the documents")
    func packages() {
        #expect(PackageList.findings(in: tree) == [])
    }

    @Test("Scripts parse, make has its targets, and CI runs make test alone")
    func scripts() async throws {
        #expect(try await Scripts.findings(in: tree) == [])
    }

    @Test("Each mutant of the accounting still applies")
    func mutants() {
        #expect(MutantList.findings(in: tree) == [])
        #expect(MutantList.count(in: tree) >= 20)
    }
}
