"""Kimai: the export of time records, CSV or XLSX (version 2; custom templates in French, German, Italian).

Quirks: no end date (an end before the start is past midnight); an empty end is a timer still running; the duration is
`H:MM`, `H:MM:SS`, decimal hours or whole seconds according to the user's preference; rate columns vanish when the
exporter may not see them; custom fields repeat their heading; a workbook ends with a line of totals.
"""

from pipelines.sources import tracker
from pipelines.sources.layout import Layout

FORMAT, DOMAIN, TABLES = "kimai", "time", ("kimai",)
IDENTIFIERS: tuple[str, ...] = ("User", "E-mail", "Staff number", "Name")
FREE_TEXT: tuple[str, ...] = ("Description",)

LAYOUT = Layout(
    product="Kimai",
    headings={
        "Date": ("Datum", "Data"),
        "From": ("De", "Von", "Da"),
        "To": ("À", "Bis", "A"),
        "Duration": ("Durée", "Dauer", "Durata"),
        "Currency": ("Devise", "Währung", "Valuta"),
        "Price": ("Taux", "Preis", "Prezzo"),
        "Internal price": ("Taux interne", "Interner Preis", "Costo interno"),
        "Hourly price": ("Taux horaire", "Preis pro Stunde", "Tariffa oraria"),
        "Fixed price": ("Taux fixe", "Festpreis", "Prezzo fisso"),
        "Name": ("Nom", "Nome"),
        "User": ("Nom d'utilisateur", "Benutzer", "Username", "Utente"),
        "E-mail": ("Courriel", "Email"),
        "Staff number": ("Numéro d'équipe", "Personalnummer", "Numero personale"),
        "Customer": ("Client", "Kunde", "Cliente"),
        "Project": ("Projet", "Projekt", "Progetto"),
        "Activity": ("Activité", "Tätigkeit", "Attività"),
        "Description": ("Beschreibung", "Descrizione"),
        "Billable": ("Facturable", "Abrechenbar", "Fatturabile"),
        "Exported": ("Exporté", "Exportiert", "Esportate"),
        "Break": ("Pause", "Pausa"),
        "Tags": ("Mots-clés", "Schlagworte", "Etichette"),
        "Type": ("Typ", "Tipo"),
        "category": (),
        "Account": ("Compte", "Kundennummer"),
        "Project number": ("Numéro de projet", "Projektnummer"),
        "VAT-ID": ("ID de TVA", "Umsatzsteuer-ID", "P.IVA"),
        "Order number": ("Numéro de commande", "Bestellnummer", "Numero d'ordine"),
    },
    identifiers=IDENTIFIERS,
    mandatory=("Date", "From", "To", "Duration", "Project", "Activity"),
    date="Date",
    start="From",
    end="To",
    end_date=None,
    duration="Duration",
    process="Activity",
    unit=None,
    kind="category",
)

recognises, read_tables, decide, interpret, label_columns = tracker.reader(FORMAT, LAYOUT)
