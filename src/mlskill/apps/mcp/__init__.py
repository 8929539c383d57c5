"""mcp: skills for every client of the Model Context Protocol.

    catalogue.py  which skills there are, from their frontmatter alone
    snapshot.py   all files of one skill at one moment, with their digests
    router.py     which of many skills a question may be about
    shelf.py      the skills, read when they are asked for
    uris.py       how files are named to clients
    resources.py  files and folders as MCP describes them
    prompts.py    the prompt
    changes.py    what changes on disk, told to clients
    desk.py       what all requests share
    extension.py  the requests of the Skills extension
    server.py     all other requests
    http.py       streamable HTTP, for whoever may ask

Needs the extra ``mcp``.
"""
