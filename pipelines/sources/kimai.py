"""Kimai: the CSV export of time records (header sets of version 2, custom templates in French and German).

Quirks: no end date (an end before the start is past midnight); an empty end is a timer still running; the duration is
`H:MM`, `H:MM:SS`, decimal hours or whole seconds according to the user's preference; rate columns vanish when the
exporter may not see them; custom fields repeat their heading.
"""

from pipelines.sources import tracker

FORMAT, DOMAIN, TABLES = "kimai", "time", ("kimai",)
IDENTIFIERS: tuple[str, ...] = ("User", "E-mail", "Staff number", "Name")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = tracker.Layout(
    product="Kimai",
    headings={
        "Date": ("Datum",),
        "From": ("De", "Von"),
        "To": ("À", "Bis"),
        "Duration": ("Durée", "Dauer"),
        "Currency": ("Devise", "Währung"),
        "Price": ("Taux", "Preis"),
        "Internal price": ("Taux interne", "Interner Preis"),
        "Hourly price": ("Taux horaire", "Preis pro Stunde"),
        "Fixed price": ("Taux fixe", "Festpreis"),
        "Name": ("Nom",),
        "User": ("Nom d'utilisateur", "Benutzer", "Username"),
        "E-mail": ("Courriel", "Email"),
        "Staff number": ("Numéro d'équipe", "Personalnummer"),
        "Customer": ("Client", "Kunde"),
        "Project": ("Projet", "Projekt"),
        "Activity": ("Activité", "Tätigkeit"),
        "Description": ("Beschreibung",),
        "Billable": ("Facturable", "Abrechenbar"),
        "Tags": ("Mots-clés", "Schlagworte"),
        "Type": ("Typ",),
        "category": (),
        "Account": ("Compte", "Kundennummer"),
        "Project number": ("Numéro de projet", "Projektnummer"),
        "VAT-ID": ("ID de TVA", "Umsatzsteuer-ID"),
        "Order number": ("Numéro de commande", "Bestellnummer"),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Date", "From", "To", "Duration", "Project", "Activity"),
    date="Date",
    start="From",
    end="To",
    end_date=None,
    duration="Duration",
    process="Activity",
    plain_durations=True,
)

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)
