"""The relational store: schema conventions, transactions, the outbox and what is counted or handed out in it."""
