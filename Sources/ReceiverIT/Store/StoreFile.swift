package import Account
package import Crypto
internal import DiodeProtocol
internal import JSON
internal import KeyFiles
package import Ledger
package import Outbox
package import ReceiverITCore
package import Storage
package import Time

/// Everything that one transaction is to hold.
package struct StoreBatch: Sendable {
    /// What was decided on one link since the last transaction.
    package struct Link: Sendable {
        package var changes = LinkChanges()
        package var checkpoint: OutboxPosition?
        package var vitals: LinkVitals?
        package var losses: [Loss] = []
        var voids: [(epoch: Epoch, behind: SequenceNumber)] = []

        package init() {}

        var isEmpty: Bool {
            changes.isEmpty && checkpoint == nil && vitals == nil && losses.isEmpty && voids.isEmpty
        }
    }

    package var links: [Link]
    package var entries: [LedgerEntry] = []
    /// The instant for which each link's account before these changes is noted; nil: none is due.
    package var balance: UnixMilliseconds?

    package init(links: [Link], entries: [LedgerEntry] = [], balance: UnixMilliseconds? = nil) {
        self.links = links
        self.entries = entries
        self.balance = balance
    }

    package var isEmpty: Bool { entries.isEmpty && balance == nil && links.allSatisfy(\.isEmpty) }
}

extension StoreBatch.Link {
    /// Adds what a round changed.
    /// - Parameter end: the outbox's position behind what it delivered.
    package mutating func add(_ changes: LinkChanges, upTo end: OutboxPosition, of link: inout StoreLink) {
        self.changes.merge(changes)
        for anchor in changes.anchors { link.anchors.note(anchor) }
        if changes.checkpoint.begins { link.candidate = end }
        if changes.checkpoint.ends, let candidate = link.candidate {
            checkpoint = candidate
            link.candidate = nil
        }
    }

    /// Adds what rows beside the ledger's have to say of an event.
    package mutating func add(_ event: LinkEvent) {
        switch event {
        case .shed(let run, let stamp): add(Loss(run, at: stamp))
        case .brokerDropped(let drop, let stamp): add(Loss(drop, at: stamp))
        case .unsaid(let ending): add(Loss(ending))
        case .voided(let epoch, let behind, _, _): voids.append((epoch, behind))
        default: break
        }
    }

    /// What one reason takes away before the next transaction is one loss.
    private mutating func add(_ loss: Loss) {
        guard let index = losses.firstIndex(where: { $0.cause == loss.cause }) else {
            return losses.append(loss)
        }
        losses[index].merge(loss)
    }
}

/// The open database with all its writers. The store thread owns it; it closes when it goes.
package struct StoreFile: ~Copyable {
    private var database: Database
    private var tables: LinkTables
    private var losses: LossTable
    private var ledger: LedgerWriter
    private var outbox: OutboxWriter
    private var seal: SealWriter
    /// The audit key that the ledger names; nil: none yet.
    private var announcedKey: String?

    /// Opens the writers; the audit key beside the database signs what they write.
    package init(_ database: consuming Database) throws(StorageError) {
        let signer: Ed25519Signer
        do throws(KeyFileError) { signer = try AuditKey.open(beside: database.path) } catch {
            throw .cannotOpen(path: AuditKey.path(ofState: database.path), reason: error.description)
        }
        try self.init(database, signer: signer)
    }

    /// - Parameter signer: signs what is written.
    package init(_ database: consuming Database, signer: consuming Ed25519Signer) throws(StorageError) {
        let tables = try LinkTables(database)
        let losses = try LossTable(database)
        let ledger = try LedgerWriter(database)
        let outbox = try OutboxWriter(database)
        let seal = try SealWriter(database, signer: signer)
        announcedKey = try AuditKey.announced(in: database)
        self.database = database
        self.tables = tables
        self.losses = losses
        self.ledger = ledger
        self.outbox = outbox
        self.seal = seal
    }

    package var head: LedgerHead { ledger.head }

    /// The head as it is noted elsewhere. Only what was synced is shown to anybody.
    package mutating func signedHead() throws(StorageError) -> NotedHead { try seal.sign(ledger.head) }

    /// One transaction: all that `body` writes, signed, or nothing of it. The ledger's next entry follows what is really there.
    private mutating func transaction<Result>(
        at time: UnixMilliseconds, _ body: (inout StoreFile) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try database.begin()
        seal.begin(in: database)
        do throws(StorageError) {
            if let known = announcedKey, known != seal.key {
                try ledger.append(ReceiverAction.newKey(seal.key, inPlaceOf: known, at: time))
            }
            let result = try body(&self)
            try seal.end(ledger.next)
            try database.commit()
            ledger.committed()
            seal.committed(ledger.head, in: database)
            if announcedKey != nil { announcedKey = seal.key }
            return result
        } catch {
            database.rollBack()
            ledger.rolledBack()
            seal.rolledBack(in: database)
            throw error
        }
    }

    /// One transaction before a receiver goes on with what is stored.
    /// - Parameters:
    ///   - defects: what somebody changed outside of this program. The ledger says so for ever, and what is there now is sealed.
    ///   - links: whose rows must be there.
    package mutating func begin(
        defects: [String], links: [StoreOpening.Link], at time: UnixMilliseconds
    ) throws(StorageError) {
        try transaction(at: time) { (file) throws(StorageError) in
            if !defects.isEmpty {
                try file.ledger.append(ReceiverAction.altered(defects, at: time))
                try file.seal.recount(in: file.database)
            }
            for link in links {
                let keys = try link.keys(in: file.database).map(\.inUse.fingerprint)
                let id = try LinkLoader.id(of: link.name, fingerprint: keys[0], number: link.id, in: file.database)
                for (place, key) in keys.enumerated() {
                    try SenderTable.name(key, of: place, link: id, in: file.database)
                }
            }
        }
    }

    /// Reads every link.
    package func load(
        _ links: [StoreOpening.Link], limits: Replica.Limits
    ) throws(StorageError) -> [StoreOpening.RestoredLink] {
        try StoreOpening.load(links, limits: limits, from: database)
    }

    /// One transaction: units, settlements, tracker, stamps, losses, ledger and vitals of all links, or nothing of it.
    /// The queues are told by the caller.
    package mutating func store(_ batch: StoreBatch, _ links: [StoreLink], at time: UnixMilliseconds)
        throws(StorageError)
    {
        try transaction(at: time) { (file) throws(StorageError) in try file.put(batch, links, at: time) }
    }

    private mutating func put(
        _ batch: StoreBatch, _ links: [StoreLink], at time: UnixMilliseconds
    ) throws(StorageError) {
        if let balance = batch.balance { try appendBalances(links, at: balance) }
        for (index, link) in links.enumerated() { try put(batch.links[index], link, at: time) }
        for entry in batch.entries { try ledger.append(entry) }
        // Behind the entries that say that they are lost.
        for (index, link) in links.enumerated()
        where batch.links[index].changes.tracker.gaps.values.contains(where: { $0.state == .lost }) {
            try GapMerging.keepLimit(
                link.id, name: link.name, at: time, losses: &losses, ledger: &ledger, in: database)
        }
        for link in links { try append(link.anchors.due(at: time, withBalance: batch.balance != nil), link, time) }
    }

    private mutating func append(
        _ anchors: [Anchors.Candidate], _ link: StoreLink, _ time: UnixMilliseconds
    ) throws(StorageError) {
        for anchor in anchors { try ledger.append(anchor.entry(of: link.name, at: time)) }
    }

    /// One transaction with ledger entries alone: the little that still fits where nothing else does.
    package mutating func store(_ entries: [LedgerEntry]) throws(StorageError) {
        let time = UnixMilliseconds(rawValue: entries.last?.at ?? 0)
        try transaction(at: time) { (file) throws(StorageError) in
            for entry in entries { try file.ledger.append(entry) }
        }
    }

    /// One transaction with the account of each link as it is now, and the newest word of its sender.
    package mutating func noteBalances(_ links: [StoreLink], at time: UnixMilliseconds) throws(StorageError) {
        try transaction(at: time) { (file) throws(StorageError) in
            try file.appendBalances(links, at: time)
            for link in links { try file.append(link.anchors.due(at: time, withBalance: true), link, time) }
        }
    }

    private mutating func appendBalances(_ links: [StoreLink], at time: UnixMilliseconds) throws(StorageError) {
        for link in links {
            let account = try StoredAccount(of: link.id, in: database)
            let balance = LinkBalance(at: time, totals: account.totals, of: account.epochs)
            let body = JSONValue.object(
                (balance.json.members ?? []) + [.init("losses", try LossTable.sums(of: link.id, in: database))])
            try ledger.append(
                LedgerEntry(link: link.name, at: time.rawValue, kind: LinkBalance.kind, body: body.line))
        }
    }

    private mutating func put(
        _ batch: StoreBatch.Link, _ link: StoreLink, at time: UnixMilliseconds
    ) throws(StorageError) {
        let checkpoint = batch.checkpoint ?? link.checkpoint
        let outboxLosses = try outbox.write(link.queue, replicaCheckpoint: checkpoint).flatMap(\.losses)
        try tables.store(batch.changes, of: link.id, checkpoint: batch.checkpoint, in: database)
        for void in batch.voids { try losses.void(link: link.id, epoch: void.epoch, behind: void.behind) }
        for loss in batch.losses + outboxLosses {
            let isNew = try losses.note(loss, link: link.id, at: time, in: database)
            // A late record that the configuration drops is no incident.
            if isNew, loss.cause.layer != .policy { try ledger.append(loss.entry(link: link.name, at: time)) }
        }
        if let vitals = batch.vitals { try tables.store(vitals, of: link.id) }
    }

    /// What of each link's account is not in order, as of now. One reading.
    package mutating func matters(of links: [StoreLink]) throws(StorageError) -> [AccountMatters] {
        var found: [AccountMatters] = []
        for link in links { found.append(try StoredMatters.read(of: link.id, name: link.name, in: database)) }
        return found
    }

    /// One transaction with what an operator wants done.
    package mutating func run(
        _ task: OperatorTask, at time: UnixMilliseconds
    ) throws(StorageError) -> Result<String, OperatorError> {
        try transaction(at: time) { (file) throws(StorageError) in
            switch task {
            case .acknowledge(let acknowledgement):
                try AcknowledgementTable.add(acknowledgement, at: time, in: file.database, ledger: &file.ledger)
            case .remove(let removal): try removal.apply(at: time, in: file.database, ledger: &file.ledger)
            case .compare(let head): .success(try file.compare(head, at: time))
            }
        }
    }

    private mutating func compare(_ head: NotedHead, at time: UnixMilliseconds) throws(StorageError) -> String {
        guard let defect = try HeadComparison.defect(head, in: database) else { return "" }
        if try !HeadComparison.isNoted(defect, in: database) {
            try ledger.append(ReceiverAction.altered([defect], at: time))
        }
        return defect
    }

    /// Folds a little of the ledger, if it is above its limit.
    package mutating func keepLedger(
        _ keeper: inout LedgerKeeper, at time: UnixMilliseconds
    ) throws(StorageError) -> LedgerKeeper.Folded? {
        guard let plan = try keeper.step(ledger.head, in: database) else { return nil }
        try transaction(at: time) { (file) throws(StorageError) in
            try file.seal.fold(plan.fold, at: time.rawValue, &file.ledger, in: file.database)
        }
        return keeper.folded(plan)
    }

    /// Waits until everything committed survives a loss of power.
    package mutating func sync() throws(StorageError) { try database.sync() }
}

/// A link as the store thread knows it.
package struct StoreLink: Sendable {
    /// In the tables.
    package let id: Int
    package let name: String
    /// As people compare it: `SHA256:…`.
    package let fingerprint: String
    package let queue: DeliveryQueue
    /// Where the replica's log begins, as stored.
    package var checkpoint: OutboxPosition
    /// Where it would begin if the checkpoint that is under way had ended.
    package var candidate: OutboxPosition?
    /// Writes its events.
    package var notes: LedgerNotes
    /// Which of its beats are kept.
    package var anchors = Anchors()

    package init(id: Int, name: String, fingerprint: String, queue: DeliveryQueue, checkpoint: OutboxPosition) {
        self.id = id
        self.name = name
        self.fingerprint = fingerprint
        self.queue = queue
        self.checkpoint = checkpoint
        notes = LedgerNotes(link: name)
    }
}
